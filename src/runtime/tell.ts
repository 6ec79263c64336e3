import { basename } from 'node:path';
import type { Command, RecordFact, SwitchWish, TakenFor } from '../core/command.ts';
import type { Event } from '../core/event.ts';
import { isDigital } from '../core/medium.ts';
import { maskFrom, maskNumber } from '../lib/mask-number.ts';
import { inChinese, promptsInChinese, spanInChinese } from './chinese.ts';
import { type OfConversation, tellCitizen, tellConversationEvent, tellMessage } from './tell-conversation.ts';
import { tellRunning } from './tell-running.ts';
import { isOfSupervision, tellLeadEvent, tellSupervision } from './tell-supervision.ts';

/** One sentence in both languages. */
export interface Said {
  readonly en: string;
  readonly zh: string;
}

export const said = (en: string, zh: string): Said => ({ en, zh });

export function tellEvent(event: Event): Said {
  switch (event.type) {
    case 'started':
      return said('The core started.', '核心进程启动。');
    case 'tick':
      return said('A time was up.', '一个时限到了。');
    case 'settingsLoaded':
      return said('The rules were loaded.', '规则已载入。');
    case 'agentStateAsked':
      return said(
        `${event.agent} asked to be ${event.state}.`,
        `${event.agent} 申请状态“${inChinese('state', event.state)}”。`,
      );
    case 'modeAsked':
      return said(
        `${event.by} asked for the mode ${event.mode}.`,
        `${event.by} 申请切换到模式“${inChinese('mode', event.mode)}”。`,
      );
    case 'siteAsked':
      return said(
        `${event.by} set site ${event.site} to ${event.status}.`,
        `${event.by} 将站点 ${event.site} 设为“${inChinese('site', event.status)}”。`,
      );
    case 'contactRegraded':
      return said(`${event.by} regraded the contact.`, `${event.by} 调整了联络分级。`);
    case 'missedCallHandled':
      return said(`${event.by} closed a missed call.`, `${event.by} 办结了一个漏接来电。`);
    case 'dispositionGiven':
      return said(`${event.by} said what came of it.`, `${event.by} 填写了处理结果。`);
    case 'supervisionAsked':
    case 'supervisionApproved':
    case 'supervisionLeft':
    case 'contactMarked':
    case 'alertSeen':
      return tellLeadEvent(event);
    case 'callOutAsked':
      return said(
        `${event.agent} asked to call ${maskNumber(event.number)}.`,
        `${event.agent} 请求呼叫 ${maskNumber(event.number)}。`,
      );
    case 'nodeLost':
      return said('The link to the switch was lost.', '与交换机的连接中断。');
    case 'surveyed':
      return said(
        `The switch told all it holds: ${event.survey.legs.length} legs.`,
        `交换机报告全部现状：${event.survey.legs.length} 路。`,
      );
    case 'deviceRegistered':
      return said(`A phone of seat ${event.device.sipUser} registered.`, `席位 ${event.device.sipUser} 的话机注册。`);
    case 'deviceGone':
      return said(`A phone of seat ${event.sipUser} is gone.`, `席位 ${event.sipUser} 的话机离线。`);
    case 'callArrived':
      return said(
        `A call from ${maskFrom(event.from, false)} to ${event.dialled} arrived.`,
        `${maskFrom(event.from, false)} 呼入 ${event.dialled}。`,
      );
    case 'conversationOpened':
    case 'offerAnswered':
    case 'conversationEnded':
    case 'conversationReturned':
    case 'conversationReopened':
    case 'messageArrived':
    case 'messageReplied':
      return tellConversationEvent(event);
    default:
      return tellLegEvent(event);
  }
}

type LegEvent = Exclude<
  Event,
  {
    type:
      | OfConversation
      | 'started'
      | 'tick'
      | 'settingsLoaded'
      | 'agentStateAsked'
      | 'siteAsked'
      | 'dispositionGiven'
      | 'contactRegraded'
      | 'missedCallHandled'
      | 'modeAsked'
      | 'supervisionAsked'
      | 'supervisionApproved'
      | 'supervisionLeft'
      | 'contactMarked'
      | 'alertSeen'
      | 'callOutAsked'
      | 'nodeLost'
      | 'surveyed'
      | 'deviceRegistered'
      | 'deviceGone'
      | 'callArrived';
  }
>;

function tellLegEvent(event: LegEvent): Said {
  switch (event.type) {
    case 'legRinging':
      return said('The phone rings.', '话机振铃。');
    case 'legAnswered':
      return said('The leg was answered.', '该路已接通。');
    case 'legEnded':
      return said(`The leg ended: ${event.cause}.`, `该路结束：${inChinese('cause', event.cause)}。`);
    case 'playEnded':
      return said(`The prompt is over (${event.outcome}).`, `提示音结束（${inChinese('play', event.outcome)}）。`);
    case 'digitsCollected':
      return event.digits === ''
        ? said('No key came in time.', '按键超时。')
        : said(`The caller chose ${event.digits.slice(0, 1)}.`, `来电人按 ${event.digits.slice(0, 1)}。`);
    case 'digitPressed':
      return said('A key was pressed.', '有按键。');
    case 'superviseEnded':
      return said('The supervisor hears the talk no longer.', '班长已听不到通话。');
    case 'bridged':
      return said('Two legs hear each other.', '两路已接通对讲。');
    case 'unbridged':
      return said('Two legs came apart.', '两路断开对讲。');
    case 'legHeld':
      return said('The phone put the other side on hold.', '话机保持对方。');
    case 'legResumed':
      return said('The phone took the other side back.', '话机取消保持。');
    case 'recordingStarted':
      return said('The switch records.', '交换机开始录音。');
    case 'recordingEnded':
      return said(
        `The recording ended after ${event.durationMs} ms of sound.`,
        `录音结束，共 ${spanInChinese(event.durationMs)}。`,
      );
    case 'commandFailed':
      return said(`The switch refused command ${event.key}.`, `交换机拒绝指令 ${event.key}。`);
  }
}

export function tellCommand(command: Command): Said {
  return command.do === 'record-fact' ? tellFact(command) : tellWish(command);
}

function tellWish(wish: SwitchWish): Said {
  switch (wish.do) {
    case 'answer':
      return said('Answer the call.', '应答来电。');
    case 'play':
      return said(`Play ${names(wish.files)}.`, `播放${promptsInChinese(idsOf(wish.files))}。`);
    case 'collect':
      return said(
        `Play ${names(wish.files)} and wait ${wish.waitMs} ms for a key.`,
        `播放${promptsInChinese(idsOf(wish.files))}，其后等待按键 ${spanInChinese(wish.waitMs)}。`,
      );
    case 'music':
      return wish.files.length === 0
        ? said('Play music.', '播放等待音乐。')
        : said(
            `Play ${names(wish.files)}, then music.`,
            `播放${promptsInChinese(idsOf(wish.files))}，然后播放等待音乐。`,
          );
    case 'ring':
      if (wish.resume === true)
        return said(
          `Ring a phone of seat ${wish.sipUser} to take the talk up again.`,
          `呼叫席位 ${wish.sipUser} 的话机以恢复通话。`,
        );
      return said(
        `Ring a phone of seat ${wish.sipUser} for ${wish.timeoutMs} ms.`,
        `呼叫席位 ${wish.sipUser} 的话机，最多振铃 ${spanInChinese(wish.timeoutMs)}。`,
      );
    case 'dial':
      return said(
        `Dial ${maskNumber(wish.number)} for ${wish.timeoutMs} ms.`,
        `呼叫 ${maskNumber(wish.number)}，最多振铃 ${spanInChinese(wish.timeoutMs)}。`,
      );
    case 'supervise':
      return said(
        `Let the supervisor hear the talk: ${wish.mode}.`,
        `让班长听到通话：${inChinese('supervision', wish.mode)}。`,
      );
    case 'bridge':
      return said('Join the caller and the agent.', '接通来电人与座席。');
    case 'record':
      return said(`Record into ${basename(wish.file)}.`, `录音到 ${basename(wish.file)}。`);
    case 'stopRecord':
      return said(`Stop recording ${basename(wish.file)}.`, `停止录音 ${basename(wish.file)}。`);
    case 'hangUp':
      return said(`End the leg: ${wish.cause}.`, `挂断该路：${inChinese('cause', wish.cause)}。`);
  }
}

type OpeningFact = Extract<
  RecordFact,
  {
    fact:
      | 'contactOpened'
      | 'contactClosed'
      | 'messageTaken'
      | 'citizenReminded'
      | 'legOpened'
      | 'legAnswered'
      | 'legClosed'
      | 'digits'
      | 'hoursAsked';
  }
>;

function tellFact(fact: RecordFact): Said {
  if (isOfSupervision(fact)) return tellSupervision(fact);
  switch (fact.fact) {
    case 'waitStarted':
      return said(`The caller waits in queue ${fact.queue}.`, `来电人进入队列“${inChinese('queue', fact.queue)}”。`);
    case 'waitEnded':
      return said(
        `The wait in ${fact.queue} is over: ${fact.result}.`,
        `队列“${inChinese('queue', fact.queue)}”的等候结束：${inChinese('wait', fact.result)}。`,
      );
    case 'offerMade':
      return said(`Offered to ${fact.agent} (offer ${fact.token}).`, `派给 ${fact.agent}（第 ${fact.token} 次派话）。`);
    case 'offerEnded':
      return said(
        `The offer to ${fact.agent} ended: ${fact.result}.`,
        `派给 ${fact.agent} 的话务：${inChinese('offer', fact.result)}。`,
      );
    case 'talkStarted':
      return said(`The caller talks with ${fact.agent}.`, `来电人与 ${fact.agent} 开始通话。`);
    case 'talkEnded':
      return said(
        `The talk with ${fact.agent} ended by ${fact.endedBy}.`,
        `与 ${fact.agent} 的通话结束（${inChinese('talk', fact.endedBy)}）。`,
      );
    case 'holdStarted':
      return said(`${fact.agent} put the caller on hold.`, `${fact.agent} 保持来电人。`);
    case 'holdEnded':
      return said(`${fact.agent} took the caller back.`, `${fact.agent} 恢复通话。`);
    case 'gapStarted':
      return said(
        `The phone of ${fact.agent} was lost (${fact.cause}): the caller hears music until it is back.`,
        `${fact.agent} 的话机掉线（${inChinese('cause', fact.cause)}）：来电人听音乐，等待其恢复。`,
      );
    case 'gapEnded':
      return tellGapEnd(fact);
    case 'agentState':
      return tellAgentState(fact);
    case 'modeProposed':
    case 'modeProposalWithdrawn':
    case 'modeChanged':
    case 'siteStatus':
      return tellRunning(fact);
    case 'rated':
      return said(
        `The caller gave ${fact.score} of 5 to ${fact.agent}.`,
        `来电人给 ${fact.agent} 评 ${fact.score} 分。`,
      );
    case 'disposition':
      return said(
        `${fact.by} noted the outcome ${fact.code}.`,
        `${fact.by} 登记处理结果：${inChinese('disposition', fact.code)}。`,
      );
    case 'recordingStarted':
      return said(`The talk is recorded in ${basename(fact.file)}.`, `通话录音写入 ${basename(fact.file)}。`);
    case 'recordingEnded':
      return said(
        `The recording has ${fact.durationMs ?? 'an unknown number of'} of ${fact.expectedMs} ms.`,
        `录音时长 ${fact.durationMs === null ? '不明' : spanInChinese(fact.durationMs)}，应有 ${spanInChinese(fact.expectedMs)}。`,
      );
    case 'callBackPromised':
    case 'callBackFailed':
    case 'callMissed':
    case 'missedCallClosed':
    case 'graded':
    case 'takenFor':
      return tellCaller(fact);
    default:
      return tellOpening(fact);
  }
}

function tellAgentState(fact: Extract<RecordFact, { fact: 'agentState' }>): Said {
  return said(
    `${fact.agent} is ${fact.state}${fact.reason === undefined ? '' : ` (${fact.reason})`}.`,
    `${fact.agent} 的状态为“${inChinese('state', fact.state)}”${fact.reason === undefined ? '' : `（${inChinese('reason', fact.reason)}）`}。`,
  );
}

type CallerFact = Extract<
  RecordFact,
  { fact: 'callBackPromised' | 'callBackFailed' | 'callMissed' | 'missedCallClosed' | 'graded' | 'takenFor' }
>;

const TAKEN_FOR: Readonly<Record<TakenFor, string>> = {
  limited: 'The caller is limited',
  warned: 'The caller was warned',
  elder: 'The caller is an elder',
  urgent: 'The caller has an urgent order open, or the grade emergency',
  repeat: 'The caller calls again within a day',
};

function tellCaller(fact: CallerFact): Said {
  switch (fact.fact) {
    case 'callBackPromised':
      return said(
        `The caller keeps the place and will be called at ${maskNumber(fact.number)}.`,
        `来电人保留排队位置，将回拨 ${maskNumber(fact.number)}。`,
      );
    case 'callBackFailed':
      return said(
        `Call-back ${fact.tries} reached nobody: ${fact.cause}.`,
        `第 ${fact.tries} 次回拨未接通（${inChinese('cause', fact.cause)}）。`,
      );
    case 'callMissed':
      return said(
        `Missed call ${fact.calls} of ${maskNumber(fact.number)}: to be called back by ${new Date(fact.dueAtMs).toISOString()}.`,
        `${maskNumber(fact.number)} 第 ${fact.calls} 次漏接，须于 ${new Date(fact.dueAtMs).toISOString()} 前回拨。`,
      );
    case 'missedCallClosed':
      return said(`The missed call is closed: ${fact.result}.`, `漏接来电办结：${inChinese('missed', fact.result)}。`);
    case 'graded':
      return said(
        `The contact is of grade ${fact.grade ?? 'none'}${fact.order === undefined ? '' : `, for order ${fact.order}`}.`,
        `联络分级：${fact.grade === undefined || fact.grade === null ? '无' : inChinese('grade', fact.grade)}${fact.order === undefined ? '' : `（工单 ${fact.order}）`}。`,
      );
    case 'takenFor':
      return said(
        `${TAKEN_FOR[fact.as]}: the flow begins at ${fact.step}.`,
        `${inChinese('takenFor', fact.as)}：流程从“${inChinese('step', fact.step)}”开始。`,
      );
  }
}

function tellGapEnd({ agent, result }: Extract<RecordFact, { fact: 'gapEnded' }>): Said {
  switch (result) {
    case 'joined':
      return said(`${agent} is back: the two hear each other again.`, `${agent} 已恢复，双方继续通话。`);
    case 'givenUp':
      return said(`${agent} did not take the talk up again.`, `${agent} 未能恢复通话。`);
    case 'abandoned':
      return said(`The caller left while ${agent} was away.`, `来电人在 ${agent} 恢复前挂机。`);
    case 'lost':
      return said('The switch that held the talk died.', '承载通话的交换机故障。');
  }
}

function tellOpening(fact: OpeningFact): Said {
  switch (fact.fact) {
    case 'contactOpened':
      return tellOpened(fact);
    case 'messageTaken':
    case 'citizenReminded':
      return tellMessage(fact);
    case 'contactClosed':
      return said(`The contact is closed: ${fact.outcome}.`, `联络结束：${inChinese('outcome', fact.outcome)}。`);
    case 'legOpened':
      return fact.role === 'citizen'
        ? said('The caller has a leg.', '来电人一路建立。')
        : said(`A phone of ${fact.agent ?? 'an agent'} has a leg.`, `${fact.agent ?? '座席'} 的话机一路建立。`);
    case 'legAnswered':
      return said('The leg counts as answered.', '该路记为已接通。');
    case 'legClosed':
      return said(`The leg is closed: ${fact.cause}.`, `该路关闭：${inChinese('cause', fact.cause)}。`);
    case 'hoursAsked':
      return fact.open
        ? said(`By ${fact.hours} it is open.`, `${fact.hours}：在服务时间内。`)
        : said(`By ${fact.hours} it is closed.`, `${fact.hours}：不在服务时间内。`);
    case 'digits':
      return fact.digits === ''
        ? said(`No key at ${fact.step}.`, `在“${inChinese('step', fact.step)}”没有按键。`)
        : said(`Key ${fact.digits} at ${fact.step}.`, `在“${inChinese('step', fact.step)}”按键 ${fact.digits}。`);
  }
}

function tellOpened(fact: Extract<RecordFact, { fact: 'contactOpened' }>): Said {
  const { medium, from, flow, calledBy, partOf, continues } = fact;
  const shown = isDigital(medium) ? tellCitizen(from) : said(maskFrom(from, false), maskFrom(from, false));
  const beside = partOf === undefined ? ['', ''] : [` beside ${partOf}`, `（归入 ${partOf}）`];
  if (calledBy !== undefined)
    return said(`${calledBy} asks to call ${shown.en}${beside[0]}.`, `${calledBy} 呼叫 ${shown.zh}${beside[1]}。`);
  const before = continues === undefined ? ['', ''] : [`, going on from ${continues}`, `，接续 ${continues}`];
  return said(
    `A contact opened for ${shown.en}${flow === '' ? '' : `, flow ${flow}`}${beside[0]}${before[0]}.`,
    `为 ${shown.zh} 建立联络${flow === '' ? '' : `，流程 ${flow}`}${beside[1]}${before[1]}。`,
  );
}

function names(files: readonly string[]): string {
  return files.length === 0 ? '-' : idsOf(files).join(' + ');
}

function idsOf(files: readonly string[]): readonly string[] {
  return files.map((file) => basename(file).replace(/\.wav$/, ''));
}
