/** 平台模板消息：名称与字段由渠道定，这里是它们的叫法。 */
export const zhTemplate = {
  template: {
    open: '发送模板消息',
    openNow: '回复时限已过，可发送模板消息',
    which: '模板',
    names: { feedback: '办理结果通知' },
    fields: { number: '编号', title: '事项', status: '办理状态', time: '时间', note: '说明' },
    consent: '市民在小程序中同意接收后才能送达；每次同意一般只能发送一条',
    send: '发送模板',
    cancel: '取消',
  },
};
