// The register of requirements: what was asked for, and whether it is built.
import { readFileSync } from 'node:fs';

const STATES = ['open', 'built'];

export function load(file = new URL('../requirements.tsv', import.meta.url)) {
  const lines = readFileSync(file, 'utf8').split('\n').filter((line) => line !== '');
  return lines.map((line, index) => {
    const parts = line.split('\t');
    if (parts.length !== 3 || !STATES.includes(parts[1])) {
      throw new Error(`requirements, line ${index + 1}: expected id, one of ${STATES.join(', ')}, and text`);
    }
    const [id, state, text] = parts;
    return { id, state, text };
  });
}
