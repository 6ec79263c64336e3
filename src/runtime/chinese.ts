/**
 * The names that the core gives, as a supervisor reads them. What is not here (a cause that a switch made up, a reason that a person wrote) is
 * said as it is.
 */
const WORDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  state: {
    offline: '离线',
    notReady: '未就绪',
    ready: '就绪',
    ringing: '振铃',
    talking: '通话',
    held: '保持',
    wrapUp: '话后整理',
  },
  reason: { missedOffers: '连续未接派话' },
  wait: {
    connected: '已由座席接听',
    abandoned: '来电人挂机',
    lost: '线路中断',
    full: '队列已满',
    unreached: '回拨未通',
    moved: '转到其他队列',
    ended: '会话结束',
  },
  offer: { accepted: '已接听', rejected: '拒接', timeout: '未接听', cancelled: '撤回', lost: '话机中断' },
  talk: {
    citizen: '市民挂机',
    agent: '座席挂机',
    fault: '线路故障',
    returned: '退回队列',
    supervisor: '班长接管',
    idle: '市民长时间未回复',
  },
  outcome: {
    answered: '已接通',
    abandonedInMenu: '在语音菜单中挂机',
    abandonedInQueue: '在等候中挂机',
    ended: '由流程结束',
    unreached: '回拨未通',
    lostNode: '线路中断',
    refused: '未受理',
  },
  digitalWait: {
    connected: '已由座席受理',
    abandoned: '市民离开',
    full: '队列已满',
    moved: '转到其他队列',
    ended: '由工作人员结束',
  },
  digitalOffer: { accepted: '已接受', rejected: '未接受', timeout: '超时未接受', cancelled: '撤回', lost: '座席离线' },
  digitalTalk: {
    citizen: '市民离开',
    agent: '座席结束',
    returned: '退回队列',
    idle: '市民长时间未回复',
  },
  digitalOutcome: {
    answered: '已受理',
    abandonedInQueue: '市民在等候中离开',
    ended: '由工作人员结束',
    refused: '未受理',
  },
  missed: {
    reached: '已回拨接通',
    cameThrough: '来电人自行打通',
    promised: '已约定排队回拨',
    unreached: '多次回拨未通',
    handled: '由人工办结',
  },
  supervision: { listen: '监听', whisper: '密语', barge: '插话', takeOver: '接管' },
  supervisionEnd: {
    left: '主动退出',
    rightsLost: '权限已变更',
    phoneGone: '班长话机挂断',
    talkOver: '通话已结束',
    refused: '无人接听或未获同意',
    fault: '线路故障',
    takenOver: '已接管',
  },
  alert: {
    longWait: '等候过长',
    longAnswer: '久未回复市民',
    longHold: '保持过长',
    longWrapUp: '话后整理过长',
    missedOffers: '连续未接派话',
  },
  grade: { business: '业务座席', expert: '专家座席', emergency: '特急' },
  mode: { normal: '平时', holiday: '重大节假日', majorTask: '重大任务', emergency: '应急' },
  site: { open: '开放', draining: '停接新话', down: '停用' },
  medium: { voice: '电话', callback: '回拨', chat: '在线会话', mail: '邮件' },
  queue: { personal: '个人服务', enterprise: '企业服务', english: '英语服务' },
  step: { menu: '语音菜单', noKey: '未按键', direct: '直接转人工', warned: '恶意来电警告', limited: '限制来电按键' },
  takenFor: {
    limited: '来电人处于限制阶段',
    warned: '来电人处于警告阶段',
    elder: '来电人登记为老年人',
    urgent: '来电人有紧急工单未办结，或分级为特急',
    repeat: '来电人 24 小时内再次来电',
  },
  prompt: {
    'GRT-01': '欢迎语',
    'REC-01': '录音告知',
    'MNU-01': '按键菜单',
    'MNU-02': '按键菜单',
    'MNU-04': '未按键提示',
    'MNU-05': '按错键提示',
    'DIR-01': '直接转人工提示',
    'ENT-01': '企业专席提示',
    'CLS-01': '非服务时间提示',
    'QUE-02': '座席正忙提示',
    'QUE-04': '来电较多提示',
    'FUL-01': '队列已满致歉',
    'FUL-02': '队列已满时的回拨询问',
    'CBK-01': '排队回拨询问',
    'CBK-02': '回拨号码确认',
    'CBK-03': '回拨号码输入',
    'CBK-04': '回拨登记成功',
    'BLK-01': '恶意来电警告',
    'BLK-02': '紧急情况按键提示',
    'EMR-01': '应急情况说明',
    'EMR-02': '应急按键菜单',
    'EMR-03': '降雪情况说明',
    'EMR-04': '停水情况说明',
    'HOL-01': '节日问候',
    'RAT-01': '满意度评价',
    'RAT-02': '评价致谢',
    'ERR-01': '系统繁忙提示',
    'APO-01': '致歉',
    'BYE-01': '道别',
  },
  play: { completed: '播完', interrupted: '被打断', failed: '播放失败' },
  /** Q.850 and FreeSWITCH's own. */
  cause: {
    NORMAL_CLEARING: '正常挂断',
    LOSE_RACE: '其他话机已接听',
    ORIGINATOR_CANCEL: '主叫取消',
    NO_ANSWER: '无人接听',
    ALLOTTED_TIMEOUT: '振铃超时',
    CALL_REJECTED: '拒接',
    USER_BUSY: '占线',
    USER_NOT_REGISTERED: '话机未注册',
    UNALLOCATED_NUMBER: '空号',
    SUBSCRIBER_ABSENT: '话机不在线',
    NORMAL_TEMPORARY_FAILURE: '暂时故障',
    RECOVERY_ON_TIMER_EXPIRE: '对方无响应',
    MEDIA_TIMEOUT: '没有声音数据',
    LOST_NODE: '交换机故障',
    DESTINATION_OUT_OF_ORDER: '对方线路故障',
    MANAGER_REQUEST: '系统结束',
    SWITCH_CONGESTION: '线路繁忙',
    NORMAL_UNSPECIFIED: '正常结束',
  },
  disposition: {
    DIRECT_ANSWER: '直接解答',
    ORDER: '转办',
    TRANSFER: '转接',
    LINKAGE: '联动',
    MERGED: '并单',
    REJECTED: '不予受理',
    INVALID: '无效',
  },
};

export function inChinese(kind: keyof typeof WORDS, name: string): string {
  return WORDS[kind]?.[name] ?? name;
}

/** Files of prompts, as what they say; numbers that are read out stay as they are. */
export function promptsInChinese(ids: readonly string[]): string {
  return ids.map(promptInChinese).join('、');
}

function promptInChinese(id: string): string {
  if (id.endsWith('.en')) return `${promptInChinese(id.slice(0, -'.en'.length))}（英文）`;
  return WORDS['prompt']![id] ?? (id.startsWith('GRT-') ? '专线问候语' : id);
}

/** `8.5 秒`, `3 分 20 秒`. */
export function spanInChinese(ms: number): string {
  if (ms < 60_000) return `${Math.round(ms / 100) / 10} 秒`;
  const seconds = Math.round(ms / 1_000);
  return seconds % 60 === 0 ? `${seconds / 60} 分钟` : `${Math.floor(seconds / 60)} 分 ${seconds % 60} 秒`;
}
