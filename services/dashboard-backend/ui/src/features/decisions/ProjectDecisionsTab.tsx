import FactCheckOutlined from '@mui/icons-material/FactCheckOutlined';
import { useQuery } from '@tanstack/react-query';
import { useParams } from 'react-router';

import { DecisionList } from '../../components/DecisionRow';
import { Loaded } from '../../components/Loaded';
import { Section } from '../../components/Section';
import { EmptyState } from '../../components/states';
import { projectDecisionsQuery } from './queries';

export function ProjectDecisionsTab() {
  const { projectId = '' } = useParams();
  const decisions = useQuery(projectDecisionsQuery(projectId));
  return (
    <Section title="Decisions" hint="Who decided what, when and where" flush>
      <Loaded query={decisions}>
        {(items) =>
          items.length === 0 ? (
            <EmptyState icon={<FactCheckOutlined />} title="No decision yet">
              The first question is whether the plan is right.
            </EmptyState>
          ) : (
            <DecisionList decisions={items} />
          )
        }
      </Loaded>
    </Section>
  );
}
