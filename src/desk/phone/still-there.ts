import JsSIP from 'jssip';
import type { RTCSession } from 'jssip/lib/RTCSession';

const ANSWER_MS_MAX = 3_000;

/** Of JsSIP's session, not in its types. */
interface InDialog {
  sendRequest(
    method: string,
    options: { readonly eventHandlers: Readonly<Record<string, (response: { readonly status_code: number }) => void>> },
  ): void;
}

/**
 * Asks the switch whether a call is still there (OPTIONS within its dialog, RFC 5057 §5.1): its end may have been said while the way here was
 * lost. A page that slept shows a call otherwise that nobody else knows of.
 *
 * @returns `unheard`: no answer within 3 s, or no way to ask.
 */
export function askAfter(session: RTCSession): Promise<'there' | 'gone' | 'unheard'> {
  return new Promise((resolve) => {
    const late = setTimeout(resolve, ANSWER_MS_MAX, 'unheard');
    const told = (found: 'there' | 'gone' | 'unheard') => (): void => {
      clearTimeout(late);
      resolve(found);
    };
    const eventHandlers = {
      onSuccessResponse: told('there'),
      onErrorResponse: told('there'),
      onTransportError: told('unheard'),
      onRequestTimeout: told('unheard'),
      onDialogError: ({ status_code }: { readonly status_code: number }) =>
        told(status_code === 481 ? 'gone' : 'there')(),
    };
    (session as unknown as InDialog).sendRequest(JsSIP.C.OPTIONS, { eventHandlers });
  });
}
