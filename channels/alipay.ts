import { defineChannel } from '../src/channel/channel.ts';
import { fieldsOf, sendTemplate } from './alipay/api.ts';
import { readForm } from './alipay/form.ts';
import { keyFaultOf, publicKeyOf } from './alipay/keys.ts';
import { inboundOf, isTimely } from './alipay/push.ts';
import { rehearsal } from './alipay/rehearsal.ts';
import { settings } from './alipay/settings.ts';
import { isSigned } from './alipay/signature.ts';

/**
 * An Alipay mini program: what the open platform pushes to the application's gateway (opendocs.alipay.com, "消息服务"), and template messages out.
 * A push that is not acknowledged comes again after 4 min, 10 min, 10 min, 1 h, 2 h, 6 h and 15 h, under the same `notify_id`.
 */
export default defineChannel({
  name: 'alipay',
  title: { zh: '支付宝小程序', en: 'Alipay mini program' },
  settings,
  check: keyFaultOf,
  limits: { textChars: 256, sendPerSecond: 20 },
  capabilities: {
    templates: {
      feedback: {
        about: '办理结果通知（模板消息）',
        setting: 'feedbackTemplate',
        fields: { number: 64, title: 256, status: 64, time: 64, note: 256 },
        fieldsOf,
      },
    },
  },

  acknowledgement: ({ answer }) => ({ body: answer }),

  verify({ body, receivedAtMs }, { appId, alipayPublicKey }) {
    const form = readForm(body);
    return form.get('app_id') === appId && isTimely(form, receivedAtMs) && isSigned(form, publicKeyOf(alipayPublicKey));
  },

  receive: ({ body }, account) => ({ inbound: inboundOf(readForm(body), account) }),

  async send(message, context) {
    await sendTemplate(message, context);
    return {};
  },

  rehearsal,
});
