import type { ComponentChildren } from 'preact';
import { type SheetName, sheet } from '../state/sheets';
import { Area } from './Area';
import { History } from './History';
import { Layers } from './Layers';
import { Models } from './Models';
import { Notices } from './Notices';
import { Parameters } from './Parameters';
import { PlanLine } from './PlanLine';
import { Queue } from './Queue';
import { Results } from './Results';
import { Shortcuts } from './Shortcuts';
import { Stage } from './Stage';
import { TopBar } from './TopBar';
import { Write } from './Write';

const SHEETS: Readonly<Record<SheetName, () => ComponentChildren>> = {
  history: History,
  queue: Queue,
  models: Models,
  shortcuts: Shortcuts,
  write: Write,
  area: Area,
  layers: Layers,
};

export function App() {
  const open = sheet.value;
  const Open = open && SHEETS[open.name];
  return (
    <>
      <div class="page">
        <TopBar />
        {/* What lies under a sheet cannot be pressed: it has them then. */}
        {!Open && <Notices />}
        <Parameters />
        <Stage />
        <PlanLine />
        <Results />
      </div>
      {Open && <Open />}
    </>
  );
}
