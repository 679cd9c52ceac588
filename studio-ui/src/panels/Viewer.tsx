// A picture that does not lie over the source: seen alone, zoomed and moved like the other.

import { useEffect, useRef } from 'preact/hooks';
import { api } from '../api/client';
import type { Picture } from '../api/types';
import { Editor } from '../canvas';
import { t } from '../i18n';
import { complain } from '../state/notices';

export function Viewer({ picture }: { picture: Picture }) {
  const host = useRef<HTMLDivElement>(null);
  const viewer = useRef<Editor | null>(null);
  useEffect(() => {
    viewer.current = new Editor(host.current!, { label: t('result'), settings: { tool: 'pan', touch: 'pan' } });
    return () => viewer.current?.dispose();
  }, []);
  useEffect(() => {
    let wanted = true;
    api
      .file(picture)
      .then((blob) => (wanted ? viewer.current?.load(blob) : undefined))
      .catch(complain);
    return () => {
      wanted = false;
    };
  }, [picture.id]);
  return <div ref={host} class="host" role="img" aria-label={picture.prompt || t('result')} />;
}
