/** An item that can stand in one list at a time. */
export interface Linked<T> {
  previous: T | undefined;
  next: T | undefined;
  /** The list in which it stands. */
  list: List<T> | undefined;
}

/** A doubly linked list whose links are the items' own, so that nothing is allocated and every operation is O(1). */
export interface List<T> {
  readonly first: T | undefined;
  readonly length: number;
  push(item: T): void;
  /** Puts an item before the first one that `goesBefore` it does not hold for, looking from the front. O(items passed). */
  insert(item: T, goesBefore: (other: T, item: T) => boolean): void;
  /** @returns false where the item is not in this list. */
  remove(item: T): boolean;
}

export function createList<T extends Linked<T>>(): List<T> {
  let first: T | undefined;
  let last: T | undefined;
  let length = 0;

  const insertBefore = (item: T, next: T | undefined): void => {
    const previous = next === undefined ? last : next.previous;
    item.previous = previous;
    item.next = next;
    item.list = list;
    if (previous === undefined) first = item;
    else previous.next = item;
    if (next === undefined) last = item;
    else next.previous = item;
    length += 1;
  };

  const list: List<T> = {
    get first() {
      return first;
    },
    get length() {
      return length;
    },
    push(item) {
      insertBefore(item, undefined);
    },
    insert(item, goesBefore) {
      let next = first;
      while (next !== undefined && goesBefore(next, item)) next = next.next;
      insertBefore(item, next);
    },
    remove(item) {
      if (item.list !== list) return false;
      if (item.previous === undefined) first = item.next;
      else item.previous.next = item.next;
      if (item.next === undefined) last = item.previous;
      else item.next.previous = item.previous;
      item.previous = undefined;
      item.next = undefined;
      item.list = undefined;
      length -= 1;
      return true;
    },
  };
  return list;
}
