import type { SwitchCommand, SwitchWish } from './command.ts';
import type { CommandKey, LegId, NodeId } from './ids.ts';

/** A wish with its address, each kind written out: six of them are made for every call, and a copy of whatever there is costs most of it. */
export function addressed(key: CommandKey, node: NodeId, leg: LegId, wish: SwitchWish): SwitchCommand {
  switch (wish.do) {
    case 'answer':
      return { key, node, leg, do: 'answer' };
    case 'collect':
      return { key, node, leg, do: 'collect', files: wish.files, waitMs: wish.waitMs };
    case 'music':
      return { key, node, leg, do: 'music', files: wish.files };
    case 'ring': {
      const { sipUser, device, timeoutMs, resume, callerNumber, callerName, contact } = wish;
      if (resume === true) return { key, node, leg, ...wish };
      return { key, node, leg, do: 'ring', sipUser, device, timeoutMs, callerNumber, callerName, contact };
    }
    case 'bridge':
      return { key, node, leg, do: 'bridge', other: wish.other };
    case 'hangUp':
      return { key, node, leg, do: 'hangUp', cause: wish.cause };
    default:
      return { key, node, leg, ...wish };
  }
}
