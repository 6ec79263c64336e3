import { initLogger } from 'node-datachannel';
import type { PeerOptions, PeerReport, PeerWish } from './messages.ts';
import { createPeers } from './peers.ts';

/**
 * The process of the WebRTC peers: `node child.js OPTIONS` with an IPC channel to the switch. The native library may end it; the switch
 * and all calls that are not WebRTC go on. It ends when the switch does.
 */
initLogger('Fatal', (_level, words) => process.stderr.write(`${words}\n`));
const options = JSON.parse(process.argv[2] ?? '') as PeerOptions;
const report = (said: PeerReport): void => {
  if (process.connected) process.send?.(said);
};
const peers = createPeers(options, report);
process.on('message', (wish: PeerWish) => peers.apply(wish));
process.on('disconnect', () => process.exit(0));
// The switch may have died while this was loaded, before anybody listened.
if (!process.connected) process.exit(0);
// Ctrl-C reaches the whole group; the switch says its goodbyes first and then closes the channel.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
