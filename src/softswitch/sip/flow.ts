import { escapeUser, hostText, isIpLiteral, parseUri, type SipUri } from './parse-uri.ts';
import type { State } from './state.ts';
import type { Flow } from './user-agent.ts';

const SIP_PORT = 5060;

/** Where a URI leads, when its host (or maddr) is an IP literal: names are not resolved here. RFC 3263 §4, the part without DNS. */
export function flowTo(uri: SipUri | undefined): Flow | undefined {
  if (uri === undefined || uri.foreign || uri.scheme === 'tel') return undefined;
  const remoteIp = uri.parameters.get('maddr') ?? uri.host;
  if (!isIpLiteral(remoteIp)) return undefined;
  const transport = uri.parameters.get('transport')?.toLowerCase() === 'tcp' ? 'tcp' : 'udp';
  return { transport, remoteIp, remotePort: uri.port ?? SIP_PORT };
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
  const transport = flow.transport === 'tcp' ? ';transport=tcp' : '';
  return `sip:${user === '' ? '' : `${escapeUser(user)}@`}${hostText(ip)}:${port}${transport}`;
}
