import Link from '@mui/material/Link';
import Typography from '@mui/material/Typography';
import ReactMarkdown, { type Components } from 'react-markdown';
import rehypeSanitize from 'rehype-sanitize';
import remarkGfm from 'remark-gfm';

/** Long enough for any honest document; the rest is cut with a word about it. */
const LIMIT = 200_000;

// Headings of a foreign text must not disturb the outline of the page, and no picture is fetched
// from a place its author chose: that would tell them who reads this, and when.
const COMPONENTS: Components = {
  h1: ({ children }) => <Typography variant="h3" component="p" sx={{ mt: 2, mb: 0.5, fontSize: '1.0625rem' }}>{children}</Typography>,
  h2: ({ children }) => <Typography variant="h3" component="p" sx={{ mt: 2, mb: 0.5 }}>{children}</Typography>,
  h3: ({ children }) => <Typography variant="h3" component="p" sx={{ mt: 1.5, mb: 0.5 }}>{children}</Typography>,
  h4: ({ children }) => <Typography variant="h3" component="p" sx={{ mt: 1.5, mb: 0.5 }}>{children}</Typography>,
  h5: ({ children }) => <Typography variant="h3" component="p">{children}</Typography>,
  h6: ({ children }) => <Typography variant="h3" component="p">{children}</Typography>,
  img: ({ alt }) => <Typography component="span" color="textSecondary" sx={{ fontStyle: 'italic' }}>[picture: {alt || 'no description'}]</Typography>,
  a: ({ href, children }) =>
    href && /^https?:/i.test(href) ? (
      <Link href={href} target="_blank" rel="noopener noreferrer nofollow ugc" underline="always">
        {children} <Typography component="span" variant="caption" color="textSecondary">({host(href)})</Typography>
      </Link>
    ) : (
      <span>{children}</span>
    ),
  pre: ({ children }) => <pre tabIndex={0}>{children}</pre>,
  input: ({ checked }) => <span>{checked ? '☑' : '☐'}</span>,
};

function host(href: string): string {
  try {
    return new URL(href).host;
  } catch {
    return 'invalid address';
  }
}

export function MarkdownBody({ text }: { text: string }) {
  const cut = text.length > LIMIT;
  return (
    <>
      <ReactMarkdown remarkPlugins={[remarkGfm]} rehypePlugins={[rehypeSanitize]} components={COMPONENTS} skipHtml>
        {cut ? text.slice(0, LIMIT) : text}
      </ReactMarkdown>
      {cut ? (
        <Typography color="textSecondary" variant="body2">
          The text is longer than is shown here.
        </Typography>
      ) : null}
    </>
  );
}
