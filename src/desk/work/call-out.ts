import { ElMessage } from 'element-plus';
import { words } from '../language/words.ts';
import { phone } from '../phone/phone.ts';
import { ask, Refused } from '../request.ts';

/** Asks for a call of this agent's: a number of the catalogue, or the citizen of a contact. The ring for it is answered by this page. */
export async function callOut(
  wish: { readonly number: string } | { readonly contact: string; readonly identity?: number },
): Promise<boolean> {
  phone.placing = phone.registration === 'registered';
  try {
    await ask('/agents/me/calls', { method: 'POST', body: wish });
    return true;
  } catch (error) {
    phone.placing = false;
    const { errors } = words.value;
    ElMessage.error(error instanceof Refused ? errors.other(error.message) : errors.away);
    return false;
  }
}
