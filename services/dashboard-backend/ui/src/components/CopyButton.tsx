import CheckOutlined from '@mui/icons-material/CheckOutlined';
import ContentCopyOutlined from '@mui/icons-material/ContentCopyOutlined';
import IconButton from '@mui/material/IconButton';
import Tooltip from '@mui/material/Tooltip';
import { useEffect, useState } from 'react';

interface CopyButtonProps {
  value: string;
  /** What is copied: "correlation id", "commit". */
  name: string;
}

export function CopyButton({ value, name }: CopyButtonProps) {
  const [copied, setCopied] = useState(false);

  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);

  const copy = () => {
    // Refused or missing (plain HTTP): the value stays on the screen to be selected by hand.
    navigator.clipboard?.writeText(value).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  };

  return (
    <Tooltip title={copied ? 'Copied' : `Copy ${name}`}>
      <IconButton size="small" onClick={copy} aria-label={copied ? `Copied ${name}` : `Copy ${name}`} sx={{ color: 'inherit' }}>
        {copied ? <CheckOutlined sx={{ fontSize: 16 }} /> : <ContentCopyOutlined sx={{ fontSize: 16 }} />}
      </IconButton>
    </Tooltip>
  );
}
