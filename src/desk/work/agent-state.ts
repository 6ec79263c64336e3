import { ElMessage } from 'element-plus';
import { words } from '../language/words.ts';
import { zh } from '../language/zh.ts';
import { self } from '../live/live.ts';
import { Away, ask } from '../request.ts';

/** Asks for a state; the live socket tells when it is so. */
export async function setState(state: 'ready' | 'notReady' | 'offline', reason?: string): Promise<void> {
  try {
    await ask('/agents/me/state', { method: 'PUT', body: { state, ...(reason === undefined ? {} : { reason }) } });
  } catch (error) {
    const why = error instanceof Away ? words.value.errors.away : (error as Error).message;
    ElMessage.error(words.value.state.refused(why));
  }
}

/** The one key that goes back and forth. */
export function toggleReady(): void {
  const state = self.value?.state;
  if (state === undefined) return;
  const next = self.value?.next;
  const toReady =
    state === 'wrapUp' || state === 'notReady' || state === 'offline' || (state !== 'ready' && next !== 'ready');
  void (toReady ? setState('ready') : setState('notReady', zh.state.reasons[0]));
}
