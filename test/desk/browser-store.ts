import { join } from 'node:path';

/** What a page finds as `localStorage`: its names are its own keys. */
export function browserStore(): Record<string, string> {
  const store: Record<string, string> = Object.create({
    getItem: (name: string) => (Object.hasOwn(store, name) ? store[name] : null),
    setItem: (name: string, value: string) => {
      store[name] = value;
    },
    removeItem: (name: string) => {
      delete store[name];
    },
  });
  return store;
}

/** A module of the page. The tests are compiled without a browser's types, so its shape is said here. */
export async function pageModule<Module>(path: string): Promise<Module> {
  return (await import(join(import.meta.dirname, '../../src/desk', path))) as Module;
}
