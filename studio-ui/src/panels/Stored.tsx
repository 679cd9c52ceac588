// A picture of this page, by the hash under which it is kept.

import { useEffect, useState } from 'preact/hooks';
import { blobOf } from '../state/document';
import { complain } from '../state/notices';

export function Stored({ hash, alt }: { hash: string; alt: string }) {
  const [url, setUrl] = useState('');
  useEffect(() => {
    let made = '';
    let wanted = true;
    blobOf(hash)
      .then((blob) => {
        if (!wanted) return;
        made = URL.createObjectURL(blob);
        setUrl(made);
      })
      .catch(complain);
    return () => {
      wanted = false;
      URL.revokeObjectURL(made);
    };
  }, [hash]);
  const hide = (event: { currentTarget: HTMLImageElement }) => {
    event.currentTarget.hidden = true;
  };
  return url ? <img src={url} alt={alt} decoding="async" onError={hide} /> : null;
}
