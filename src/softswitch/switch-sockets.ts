import type { Logger } from 'pino';
import type { SwitchOptions } from './options.ts';
import { isWebSocket } from './sip/flow.ts';
import type { Flow } from './sip/user-agent.ts';
import { countConnections, localIpFor, openSipSockets, type SipListener, type SipSockets } from './sip-sockets.ts';
import type { IceAddresses } from './webrtc/secure.ts';
import { openWebSockets, type WebSockets } from './ws/web-sockets.ts';

/** Every socket that speaks SIP, as one. */
export interface SwitchSockets extends SipSockets {
  /** Undefined: no WebSocket is served. */
  readonly wsPort: number | undefined;
  /** Our address as the peer of this flow must see it. */
  localAddress(flow: Flow): { readonly ip: string; readonly port: number };
  iceAddresses(flow: Flow): IceAddresses;
  trust(flow: Flow): void;
}

export async function openSwitchSockets(
  options: SwitchOptions,
  listener: SipListener,
  log: Logger,
): Promise<SwitchSockets> {
  const nextConnection = countConnections();
  const sip = await openSipSockets(options.sip, listener, log, undefined, nextConnection);
  let web: WebSockets | undefined;
  try {
    web = options.ws && (await openWebSockets(options.ws, listener, nextConnection, log));
  } catch (error) {
    sip.close();
    throw error;
  }
  const socketsFor = (flow: Flow): Pick<SipSockets, 'send' | 'closeFlow'> => (isWebSocket(flow) && web ? web : sip);
  return {
    port: sip.port,
    wsPort: web?.port,
    send: (flow, data) => socketsFor(flow).send(flow, data),
    closeFlow: (flow) => socketsFor(flow).closeFlow(flow),
    trust: (flow) => web?.trust(flow),
    localAddress: (flow) => ({
      ip: localIpFor(flow.remoteIp, options.sip.host, options.publicIp),
      port: isWebSocket(flow) ? (web?.port ?? 0) : sip.port,
    }),
    iceAddresses: (flow) => iceAddressesFor(flow, options, web?.localIpOf(flow)),
    close() {
      web?.close();
      sip.close();
    },
  };
}

/**
 * Where ICE finds us: at the one address that SIP is bound to; of several at the one that this browser came to, under the published name if
 * there is one. A browser on this machine is told every name: loopback it may not use, or it is a proxy that speaks for a browser elsewhere.
 */
export function iceAddressesFor(
  { remoteIp }: Pick<Flow, 'remoteIp'>,
  { sip, publicIp }: Pick<SwitchOptions, 'sip' | 'publicIp'>,
  cameTo: string | undefined,
): IceAddresses {
  const isHere = remoteIp.startsWith('127.');
  const isAny = sip.host === '0.0.0.0';
  const elsewhere = isAny ? localIpFor('0.0.0.0', '0.0.0.0', undefined) : sip.host;
  const published = publicIp === undefined ? [] : [publicIp];
  if (isHere) {
    const shown = new Set([...(isAny ? ['127.0.0.1'] : []), elsewhere, ...published]);
    return { bindIp: sip.host, shown: [...shown] };
  }
  const bindIp = isAny ? (cameTo ?? localIpFor(remoteIp, sip.host, undefined)) : sip.host;
  return { bindIp, shown: published.length > 0 ? published : [bindIp] };
}
