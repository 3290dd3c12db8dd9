/** Whether the text is a web address that may be seen: the build's arguments stay in the image's history. */
export function isPublicAddress(text: string): boolean {
  if (!/^https?:\/\/\S+$/.test(text) || !URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === "" && password === "";
}
