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
 * @returns false only when the switch says that there is none; true also when nothing is heard.
 */
export function isStillThere(session: RTCSession): Promise<boolean> {
  return new Promise((resolve) => {
    const late = setTimeout(resolve, ANSWER_MS_MAX, true);
    const told = (there: boolean) => (): void => {
      clearTimeout(late);
      resolve(there);
    };
    const eventHandlers = {
      onSuccessResponse: told(true),
      onErrorResponse: told(true),
      onTransportError: told(true),
      onRequestTimeout: told(true),
      onDialogError: ({ status_code }: { readonly status_code: number }) => told(status_code !== 481)(),
    };
    (session as unknown as InDialog).sendRequest(JsSIP.C.OPTIONS, { eventHandlers });
  });
}
