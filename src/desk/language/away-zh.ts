/** What stands while the server does not answer a page that is loaded anew. */
export const awayZh = {
  title: '正在等待服务器',
  lead: '服务器暂时没有响应，恢复后自动打开本页。登记内容保存在本机；正在进行的通话仍然保留，恢复后自动接回。',
};
