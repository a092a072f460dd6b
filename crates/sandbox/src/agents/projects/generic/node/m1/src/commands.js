// The commands.

export const NAME = '__TITLE__';
export const VERSION = '0.1.0';

const commands = {
  about: () => `${NAME} ${VERSION}: a skeleton, no requirement is built yet`,
};

export function run([command]) {
  if (!Object.hasOwn(commands, command ?? '')) {
    return { code: 2, text: `usage: node src/main.js ${Object.keys(commands).join('|')}` };
  }
  return { code: 0, text: commands[command]() };
}
