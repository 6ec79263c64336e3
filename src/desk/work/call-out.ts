import { ElMessage } from 'element-plus';
import { words } from '../language/words.ts';
import { phone } from '../phone/phone.ts';
import { ask, Refused } from '../request.ts';

/** From the server's yes until the page shows the call. */
const SHOWN_MS = 1_000;
let asking = false;
let placedAtMs = Number.NEGATIVE_INFINITY;

/** Asks for a call of this agent's: a number of the catalogue, or the citizen of a contact. The ring for it is answered by this page. */
export async function callOut(
  wish: { readonly number: string } | { readonly contact: string; readonly identity?: number },
): Promise<boolean> {
  // A second click says the same.
  if (asking || performance.now() - placedAtMs < SHOWN_MS) return false;
  asking = true;
  phone.placing = phone.registration === 'registered';
  try {
    await ask('/agents/me/calls', { method: 'POST', body: wish });
    placedAtMs = performance.now();
    return true;
  } catch (error) {
    phone.placing = false;
    const { errors } = words.value;
    ElMessage.error(error instanceof Refused ? errors.other(error.message) : errors.away);
    return false;
  } finally {
    asking = false;
  }
}
