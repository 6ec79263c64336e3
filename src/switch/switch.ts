import type { SwitchCommand } from '../core/command.ts';
import type { SwitchEvent } from '../core/event.ts';
import type { LegId, NodeId } from '../core/ids.ts';

/**
 * The one port to telephony: commands in, events out, a survey at every (re)connection. Knows nothing of how a switch is spoken to.
 * Two switches stand behind the one adapter (`src/switch/esl/`): FreeSWITCH and the embedded switch.
 */
export interface Switch {
  /**
   * Connects to every configured node and keeps trying, for ever, with bounded back-off. Called once.
   *
   * @param listener hears every event, in the order decided per leg. For each connection `surveyed` comes first. A node whose process is
   *   gone is surveyed as holding nothing, with a boot id that no switch has, and lost again at once. Must not throw.
   * @param known the legs that the core believes are on this node, asked for at each survey.
   */
  start(listener: (event: SwitchEvent) => void, known: (node: NodeId) => readonly LegId[]): void;
  /** Carries out one command. Never throws and never waits: what fails comes back as `commandFailed` (or `legEnded` for a `ring`). */
  execute(command: SwitchCommand): void;
  /** Node → whether its link is up and surveyed. */
  health(): ReadonlyMap<NodeId, boolean>;
  /** Closes the links; the nodes and their legs live on. */
  close(): Promise<void>;
}
