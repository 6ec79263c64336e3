import { ElMessage } from 'element-plus';
import { words } from '../language/words.ts';
import { zh } from '../language/zh.ts';
import { serverNow } from '../live/clock.ts';
import { self } from '../live/live.ts';
import { ask } from '../request.ts';
import { whyNot } from '../why-not.ts';

/** Asks for a state; the live socket tells when it is so. */
export async function setState(state: 'ready' | 'notReady' | 'offline', reason?: string): Promise<void> {
  try {
    await ask('/agents/me/state', { method: 'PUT', body: { state, ...(reason === undefined ? {} : { reason }) } });
  } catch (error) {
    const why = whyNot(error);
    ElMessage.error(words.value.state.refused(why));
  }
}

/** By a key. Who is so, or will be after the call, stays so. */
export function goReady(): void {
  const { state, next, digitalFromMs = 0 } = self.value ?? {};
  if (digitalFromMs > serverNow()) return void setState('ready');
  const isSo = state === 'ready' || (state !== 'wrapUp' && next === 'ready');
  if (state !== undefined && !isSo) void setState('ready');
}

/** By a key; after the call, when there is one. Why can be said by the button. */
export function goNotReady(): void {
  const { state, next } = self.value ?? {};
  const isSo = state === 'notReady' || (state !== 'wrapUp' && next === 'notReady');
  if (state !== undefined && !isSo) void setState('notReady', zh.state.reasons[0]);
}
