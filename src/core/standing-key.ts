/**
 * Under this key a record has what stands beside it (`Standing`), so that it is found without a look-up. JSON leaves out what a symbol names:
 * no snapshot holds it.
 */
export const STANDING: unique symbol = Symbol('standing');
