// A bot written with grammy lives on the sandbox: start by deep link, question with a keyboard, press, answer, edit, file, refusals.
// Usage: node grammy.mjs <sandbox address> <bot token>; prints one line of JSON: what went wrong, if anything.

import { Bot, GrammyError, InlineKeyboard, InputFile } from 'grammy';

const [apiRoot, token] = process.argv.slice(2);
const failures = [];
const ADA = 1001;

function expect(fact, text) {
  if (!fact) failures.push(text);
}

async function admin(path, body) {
  const response = await fetch(`${apiRoot}/_sandbox/api/telegram/${path}`, body && {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}

async function chat(id) {
  const { chats } = await admin('chats');
  return chats.find((one) => one.id === id);
}

async function until(ask, what) {
  for (let turn = 0; turn < 200; turn += 1) {
    const value = await ask();
    if (value) return value;
    await new Promise((resolve) => { setTimeout(resolve, 25); });
  }
  throw new Error(`waited in vain for ${what}`);
}

async function refused(code, words, call) {
  try {
    await call();
    failures.push(`expected ${code} "${words}", but it went through`);
  } catch (error) {
    if (!(error instanceof GrammyError)) throw error;
    expect(error.error_code === code && error.description.includes(words), `expected ${code} "${words}", got ${error.error_code} "${error.description}"`);
  }
}

const bot = new Bot(token, { client: { apiRoot } });
const started = [];
bot.command('start', async (ctx) => {
  started.push(ctx.match);
  await ctx.reply('Approve <b>it</b>?', {
    parse_mode: 'HTML',
    reply_markup: new InlineKeyboard().text('Yes', 'd:abc:0').text('No', 'd:abc:1'),
  });
});
bot.callbackQuery('d:abc:0', async (ctx) => {
  await ctx.answerCallbackQuery({ text: 'noted', show_alert: true });
  await ctx.editMessageText('Approved');
});
bot.on('my_chat_member', (ctx) => { started.push(ctx.myChatMember.new_chat_member.status); });

try {
  const me = await bot.api.getMe();
  expect(me.is_bot && me.username.endsWith('bot'), `getMe says ${JSON.stringify(me)}`);
  await bot.api.setMyCommands([{ command: 'start', description: 'Begin' }]);
  const running = bot.start({ allowed_updates: ['message', 'callback_query', 'my_chat_member'] });
  running.catch((error) => failures.push(`polling ended: ${error.message}`));

  await admin('send', { chat_id: ADA, text: '/start code-123' });
  const question = await until(async () => (await chat(ADA)).messages.find((one) => one.keyboard.length), 'the question');
  expect(started[0] === 'code-123', `the payload of the deep link was ${started[0]}`);
  expect(question.text === 'Approve it?' && question.html === 'Approve <b>it</b>?', `the question reads ${question.html}`);

  const { callbacks } = await admin('press', { chat_id: ADA, message_id: question.message_id, data: 'd:abc:0' });
  expect(callbacks[0].answered && callbacks[0].text === 'noted' && callbacks[0].show_alert, `the press got ${JSON.stringify(callbacks[0])}`);
  const edited = await until(async () => {
    const { messages } = await chat(ADA);
    return messages.find((one) => one.message_id === question.message_id && one.edit_date);
  }, 'the edit');
  expect(edited.text === 'Approved' && edited.keyboard.length === 0, `the edited message is ${JSON.stringify(edited)}`);

  const sent = await bot.api.sendDocument(ADA, new InputFile(Buffer.from('# Plan'), 'plan.md'), { caption: 'The plan' });
  const file = await bot.api.getFile(sent.document.file_id);
  const content = await (await fetch(`${apiRoot}/file/bot${token}/${file.file_path}`)).text();
  expect(sent.document.file_name === 'plan.md' && content === '# Plan', `the file came back as ${content}`);

  const edit = (text) => bot.api.editMessageText(ADA, question.message_id, text);
  await refused(400, 'message is not modified', () => edit('Approved'));
  await refused(400, 'message to edit not found', () => bot.api.editMessageText(ADA, 99999, 'x'));
  await refused(400, 'message is too long', () => bot.api.sendMessage(ADA, 'x'.repeat(4097)));
  await refused(400, "can't parse entities", () => bot.api.sendMessage(ADA, '<b>x', { parse_mode: 'HTML' }));
  await refused(400, 'BUTTON_DATA_INVALID', () => bot.api.sendMessage(ADA, 'x', { reply_markup: new InlineKeyboard().text('x', 'x'.repeat(65)) }));
  await refused(400, 'chat not found', () => bot.api.sendMessage(424242, 'x'));
  await refused(403, "bot can't initiate conversation", () => bot.api.sendMessage(1003, 'x'));
  await refused(400, 'query is too old', () => bot.api.answerCallbackQuery('1'));
  await refused(401, 'Unauthorized', () => new Bot('1:wrong', { client: { apiRoot } }).api.getMe());

  await admin(`users/${ADA}/blocked`, { blocked: true });
  await until(() => started.includes('kicked'), 'the news of being blocked');
  await refused(403, 'bot was blocked by the user', () => bot.api.sendMessage(ADA, 'x'));
  await bot.stop();
  await running;
} catch (error) {
  failures.push(String(error.stack ?? error));
}
process.stdout.write(`${JSON.stringify({ failures })}\n`);
process.exit(0);
