/** 市民网页拨打页面的每一句话，与工作台分开，页面才小。英文在 call-en.ts，形状由此文件决定。 */
export const callZh = {
  name: '民呼政务热线',
  other: 'English',
  title: '网页拨打',
  lead: '不用电话，用本机的麦克风与话务员通话。',
  call: '网页拨打',
  again: '再次拨打',
  hangUp: '挂断',
  mute: '静音',
  unmute: '取消静音',
  keypad: '按键',
  star: '星号键',
  pound: '井号键',
  notes: {
    keys: '通话中可按语音提示按键，也可用键盘上的数字、* 和 #。',
    recorded: '通话会被录音。',
    numberless: '网页来电没有号码，我们无法回拨；需要回电请在通话中说明联系方式。',
    emergency: '紧急情况请直接拨打 110、119、120。',
  },
  state: {
    idle: '点下面的按钮，并允许使用麦克风。',
    asking: '请允许使用麦克风…',
    connecting: '正在接通…',
    talking: '通话中',
    muted: '通话中，已静音：对方听不到您',
    ended: '通话已结束。',
  },
  problem: {
    insecure: '浏览器只在安全连接（https）的网页上开放麦克风，请用 https 地址打开本页。',
    microphoneRefused: '没有允许使用麦克风，无法通话。请点击地址栏旁的图标允许麦克风，再拨打一次。',
    microphoneMissing: '没有找到麦克风，请接好麦克风或耳麦后再拨打。',
    microphoneBusy: '麦克风打不开，可能正被其他程序使用。',
    throttled: '您的网络拨打次数过多，请在 {minutes} 分钟后再试，或用电话拨打12345。',
    full: '网页来电已满，请稍后再试，或用电话拨打12345。',
    closed: '网页拨打未开放，请用电话拨打12345。',
    noLine: '链接中的号码不是本热线的号码。下面的按钮拨打热线主号。',
    away: '连接不上热线，请检查网络后再试，或用电话拨打12345。',
    lost: '通话中断了，请再次拨打。',
  },
};

export type CallWords = typeof callZh;
