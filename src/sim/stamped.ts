/** With its moment, Unix ms. Made whole in one go: an object that grows afterwards costs as much as deciding it. */
export type Stamped<Body> = Body & { readonly atMs: number };
