import type { Logger } from 'pino';
import { type Config, parseEndpoint } from '../config.ts';
import { nodeId } from '../core/ids.ts';
import { createEslSwitch } from '../switch/esl/adapter.ts';
import type { Switch } from '../switch/switch.ts';
import type { Folders } from './folders.ts';
import { CORE_ENV } from './messages.ts';
import { eslPasswordOf } from './switch-process.ts';

/** The adapter for the configured FreeSWITCH nodes, or for the embedded switch when there are none. */
export function openSwitchLink(config: Config, folders: Folders, logger: Logger): Switch {
  const embedded = parseEndpoint(process.env[CORE_ENV.esl] ?? '');
  const nodes =
    config.eslNodes.length > 0
      ? config.eslNodes.map((node) => ({
          id: nodeId(`${node.host}:${node.port}`),
          ...node,
          password: config.eslPassword ?? '',
          legLogFolder: folders.legLogFolder,
        }))
      : embedded === undefined
        ? []
        : [
            // Named by what it is, not by its port: the legs that the core knows stay this node's when the port changes.
            { id: nodeId('embedded'), ...embedded, password: eslPasswordOf(folders), legLogFile: folders.legLogFile },
          ];
  return createEslSwitch({
    nodes,
    logger,
    ...(config.trunk === undefined ? {} : { trunk: `${config.trunk.host}:${config.trunk.port}` }),
  });
}
