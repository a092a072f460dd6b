import { useOutletContext } from 'react-router';

import type { Schemas } from '../../api/client';

/** The project that the frame around a tab has loaded. */
export function useProject(): Schemas['Project'] {
  return useOutletContext<Schemas['Project']>();
}
