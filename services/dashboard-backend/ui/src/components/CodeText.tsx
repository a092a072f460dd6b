interface CodeTextProps {
  text: string;
}

/** One line of text in which `back ticks` mean code, and nothing else means anything. */
export function CodeText({ text }: CodeTextProps) {
  // An odd part stands between two ticks; a tick without a partner stays as it is.
  const parts = text.split(/`([^`]+)`/);
  return parts.map((part, index) => {
    const key = `${index} ${part}`;
    return index % 2 === 1 ? <code key={key}>{part}</code> : <span key={key}>{part}</span>;
  });
}
