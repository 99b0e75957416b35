/** A name that somebody else has chosen, so that it can pretend to be no line of its own in a message to people. */
export function oneLine(name: string): string {
  return name.replace(/[\s\p{Cc}]+/gu, ' ');
}
