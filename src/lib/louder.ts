/** How a talk may be heard: by each, more hear the supervisor than by those before it. */
const MODES = ['listen', 'whisper', 'barge', 'takeOver'] as const;
type Mode = (typeof MODES)[number];

/** Whether more hear the supervisor by `mode` than `before`: that takes a reason of its own (V2). */
export function isLouder(mode: Mode, before: Mode): boolean {
  return MODES.indexOf(mode) > MODES.indexOf(before);
}
