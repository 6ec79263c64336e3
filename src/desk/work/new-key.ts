/** Of something that is to be done once, however often it is asked for. `randomUUID` is not there for pages over plain http from another machine. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
