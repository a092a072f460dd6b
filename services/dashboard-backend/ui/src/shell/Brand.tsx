import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';

export function Brand() {
  return (
    <Box sx={{ display: 'flex', alignItems: 'center', gap: 1.25 }}>
      <Box component="img" src="/favicon.svg" alt="" width={28} height={28} sx={{ display: 'block' }} />
      <Typography component="span" sx={{ fontWeight: 700, fontSize: '1.0625rem', letterSpacing: '-0.015em' }}>
        QuantaPilot
      </Typography>
    </Box>
  );
}
