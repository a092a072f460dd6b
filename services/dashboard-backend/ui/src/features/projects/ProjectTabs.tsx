import { useLocation } from 'react-router';

import { TabLinks } from '../../components/TabLinks';
import { paths, type ProjectTab } from '../../lib/paths';

const TABS: ReadonlyArray<readonly [ProjectTab, string]> = [
  ['plan', 'Plan'],
  ['runs', 'Agent runs'],
  ['changes', 'PRs & checks'],
  ['cost', 'Cost'],
  ['decisions', 'Decisions'],
  ['timeline', 'Timeline'],
  ['notifications', 'Messages'],
];

export function ProjectTabs({ projectId }: { projectId: string }) {
  const { pathname } = useLocation();
  const overview = paths.project(projectId);
  const links = [{ to: overview, label: 'Overview' }, ...TABS.map(([tab, label]) => ({ to: paths.projectTab(projectId, tab), label }))];
  const current = links.findLast(({ to }) => pathname === to || (to !== overview && pathname.startsWith(`${to}/`)));
  return <TabLinks label="Project" links={links} current={current?.to ?? overview} />;
}
