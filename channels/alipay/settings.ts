import type { Context, Settings } from '../../src/channel/channel.ts';

/** Of one mini program, as its console (open.alipay.com) shows them. */
export const settings = {
  appId: 'APPID of the mini program, 16 digits',
  alipayPublicKey: "Alipay's public key (支付宝公钥, not the application's own), RSA2",
  privateKey: { about: "The application's private key, RSA2, PKCS#8 or PKCS#1", secret: true },
  contentKey: {
    about: 'AES key of the interface content encryption, if it is switched on',
    secret: true,
    optional: true,
  },
  answer: { about: 'What a push is acknowledged with; overseas gateways want `SUCCESS`', default: 'success' },
  feedbackTemplate: {
    about:
      'Template message of an outcome: its id, then our field=its keyword, e.g. `ID number=keyword1 status=keyword2 note=keyword3`',
    optional: true,
  },
  replyTemplate: {
    about: "Template message that carries an agent's answer, with `text=keyword…`; absent: nobody can write back",
    optional: true,
  },
  page: { about: 'Page of the mini program that a template message opens', default: 'pages/index/index' },
  gateway: { about: 'Address of the gateway', default: 'https://openapi.alipay.com/gateway.do' },
} as const;

export type AlipaySettings = Settings<typeof settings>;
export type AlipayContext = Context<typeof settings>;
