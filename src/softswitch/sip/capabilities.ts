import { type Header, header } from './message.ts';

export const METHODS = ['INVITE', 'ACK', 'CANCEL', 'BYE', 'OPTIONS', 'INFO', 'UPDATE', 'PRACK', 'REGISTER'];
/** Known, but not served: 405. Anything else is 501. */
export const METHODS_KNOWN = [...METHODS, 'MESSAGE', 'SUBSCRIBE', 'NOTIFY', 'PUBLISH', 'REFER'];
/** Option tags that a peer may require. */
export const EXTENSIONS = ['100rel', 'timer'];

export const ALLOW: Header = header('Allow', METHODS.filter((method) => method !== 'REGISTER').join(', '));
export const SUPPORTED: Header = header('Supported', EXTENSIONS.join(', '));
