// The commands.
import { load } from './requirements.js';

export const NAME = '__TITLE__';
export const VERSION = '0.1.0';

const commands = {
  about() {
    const register = load();
    const built = register.filter(({ state }) => state === 'built').length;
    return `${NAME} ${VERSION}: a skeleton, ${built} of ${register.length} requirements are built`;
  },
  requirements: () => load().map(({ id, state, text }) => `${id}  ${state.padEnd(5)}  ${text}`).join('\n'),
};

export function run([command]) {
  if (!Object.hasOwn(commands, command ?? '')) {
    return { code: 2, text: `usage: node src/main.js ${Object.keys(commands).join('|')}` };
  }
  return { code: 0, text: commands[command]() };
}
