import { touchSeat } from './agent.ts';
import type { Decision } from './decision.ts';
import type { Device } from './event.ts';
import type { NodeId } from './ids.ts';
import { DEVICES_PER_SEAT_MAX, SEATS_MAX } from './limits.ts';
import { phoneRegistered } from './parting.ts';
import { nodeLive, placeDevices } from './standing.ts';

/** D1, T9: a phone says that it is there. */
export function deviceRegistered(d: Decision, node: NodeId, device: Device): void {
  keepDevice(d, node, device);
  const id = d.state.standing.agentOfSeat.get(device.sipUser);
  const agent = id === undefined ? undefined : d.state.agents.get(id);
  if (agent !== undefined && nodeLive(d.state, node)) phoneRegistered(d, agent);
}

/** D1: a registration, new or refreshed. */
function keepDevice(d: Decision, node: NodeId, device: Device): void {
  const { devices } = d.state;
  const ofSeat = devices.get(device.sipUser) ?? new Map();
  if (!ofSeat.has(device.uri) && (ofSeat.size >= DEVICES_PER_SEAT_MAX || devices.size >= SEATS_MAX)) return;
  ofSeat.set(device.uri, { node, expiresAtMs: device.expiresAtMs });
  devices.set(device.sipUser, ofSeat);
  placeDevices(d.state, device.sipUser);
  touchSeat(d, device.sipUser);
}

/** D2. */
export function deviceGone(d: Decision, node: NodeId, sipUser: string, uri: string): void {
  if (d.state.devices.get(sipUser)?.get(uri)?.node === node) drop(d, sipUser, [uri]);
}

/** D3: the switch may be late, or gone, to say so. */
export function devicesExpired(d: Decision, sipUser: string): void {
  const all = [...(d.state.devices.get(sipUser) ?? [])];
  drop(
    d,
    sipUser,
    all.filter(([, device]) => device.expiresAtMs <= d.state.nowMs).map(([uri]) => uri),
  );
}

/** S2: what the node says is all that the node has. */
export function replaceDevices(d: Decision, node: NodeId, devices: readonly Device[]): void {
  const kept = new Set(devices.map((device) => `${device.sipUser} ${device.uri}`));
  for (const [sipUser, ofSeat] of [...d.state.devices]) {
    const gone = [...ofSeat].filter(([uri, device]) => device.node === node && !kept.has(`${sipUser} ${uri}`));
    if (gone.length > 0) {
      drop(
        d,
        sipUser,
        gone.map(([uri]) => uri),
      );
    }
  }
  for (const device of devices) keepDevice(d, node, device);
}

function drop(d: Decision, sipUser: string, uris: readonly string[]): void {
  const ofSeat = d.state.devices.get(sipUser);
  if (ofSeat === undefined) return;
  for (const uri of uris) ofSeat.delete(uri);
  if (ofSeat.size === 0) d.state.devices.delete(sipUser);
  placeDevices(d.state, sipUser);
  touchSeat(d, sipUser);
}
