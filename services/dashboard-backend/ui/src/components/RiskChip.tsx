import ShieldOutlined from '@mui/icons-material/ShieldOutlined';
import WarningAmberOutlined from '@mui/icons-material/WarningAmberOutlined';

import { ToneChip } from './StatusChip';

export function RiskChip({ risk }: { risk: string }) {
  return risk === 'high' ? (
    <ToneChip tone="danger" label="High risk" icon={<WarningAmberOutlined fontSize="inherit" />} />
  ) : (
    <ToneChip tone="neutral" label="Low risk" icon={<ShieldOutlined fontSize="inherit" />} />
  );
}
