const pageBytes = 32_768;

/**
 * Copies small bodies that have to be kept into pages of their own: a body as it was received is a view of a chunk of up to
 * 64 KiB, and one request that waits would hold all of it.
 */
export function createPages(): (body: Buffer) => Buffer {
  let page = Buffer.alloc(0);
  let at = 0;
  return (body) => {
    if (body.length >= pageBytes / 2) return body;
    if (at + body.length > page.length) {
      page = Buffer.allocUnsafeSlow(pageBytes);
      at = 0;
    }
    const kept = page.subarray(at, at + body.length);
    kept.set(body);
    at += body.length;
    return kept;
  };
}
