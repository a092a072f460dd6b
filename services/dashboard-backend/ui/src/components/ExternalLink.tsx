import OpenInNewOutlined from '@mui/icons-material/OpenInNewOutlined';
import Link from '@mui/material/Link';
import type { ReactNode } from 'react';

import { webUrl } from '../lib/json';

interface ExternalLinkProps {
  href: string;
  children: ReactNode;
}

/** A link out of the dashboard. An address that is not http(s) stays text. */
export function ExternalLink({ href, children }: ExternalLinkProps) {
  const url = webUrl(href);
  if (!url) return <span>{children}</span>;
  return (
    <Link href={url} target="_blank" rel="noopener" sx={{ display: 'inline-flex', alignItems: 'center', gap: 0.5, overflowWrap: 'anywhere' }}>
      {children}
      <OpenInNewOutlined titleAccess="opens in a new tab" sx={{ fontSize: 14 }} />
    </Link>
  );
}
