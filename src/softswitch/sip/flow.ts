import { escapeUser, hostText, isIpLiteral, parseUri, type SipUri } from './parse-uri.ts';
import type { State } from './state.ts';
import type { Flow } from './user-agent.ts';

const SIP_PORT = 5060;

/** Where a URI leads, when its host (or maddr) is an IP literal: names are not resolved here. RFC 3263 §4, the part without DNS. */
export function flowTo(uri: SipUri | undefined): Flow | undefined {
  if (uri === undefined || uri.foreign || uri.scheme === 'tel') return undefined;
  const remoteIp = uri.parameters.get('maddr') ?? uri.host;
  if (!isIpLiteral(remoteIp)) return undefined;
  const named = uri.parameters.get('transport')?.toLowerCase() ?? 'udp';
  // Nobody connects to a browser.
  if (named === 'ws' || named === 'wss') return undefined;
  const transport = named === 'tcp' ? 'tcp' : 'udp';
  return { transport, remoteIp, remotePort: uri.port ?? SIP_PORT };
}

/** Over a WebSocket: reached by its connection alone, whatever addresses it names (RFC 7118 §5). */
export function isWebSocket(flow: Flow): boolean {
  return flow.transport === 'ws' || flow.transport === 'wss';
}

/** Nothing is lost on the way, so nothing is repeated. */
export function isReliable(flow: Flow): boolean {
  return flow.transport !== 'udp';
}

/** A browser is never a trunk, whatever its address: behind a proxy all browsers have the proxy's. */
export function trunkOf(state: State, flow: Flow): string | undefined {
  return isWebSocket(flow) ? undefined : state.options.trunkOf(flow.remoteIp);
}

export function flowToText(uriText: string): Flow | undefined {
  return flowTo(parseUri(uriText));
}

export function sameAddress(a: Flow, b: Flow): boolean {
  return a.transport === b.transport && a.remoteIp === b.remoteIp && a.remotePort === b.remotePort;
}

/** Without the connection: the owner of the sockets connects anew. */
export function unconnected(flow: Flow): Flow {
  return { transport: flow.transport, remoteIp: flow.remoteIp, remotePort: flow.remotePort };
}

export function viaValue(state: State, flow: Flow, branch: string): string {
  const { ip, port } = state.options.localAddress(flow);
  return `SIP/2.0/${flow.transport.toUpperCase()} ${hostText(ip)}:${port};rport;branch=${branch}`;
}

/** A SIP URI of ours as this peer may reach it. */
export function localUri(state: State, flow: Flow, user: string): string {
  const { ip, port } = state.options.localAddress(flow);
  const transport = isWebSocket(flow) ? ';transport=ws' : flow.transport === 'tcp' ? ';transport=tcp' : '';
  return `sip:${user === '' ? '' : `${escapeUser(user)}@`}${hostText(ip)}:${port}${transport}`;
}
