// An organisation's logo beside its name: shown as a PNG or JPEG by its first bytes, or not at all.

import { useEffect, useState } from 'preact/hooks';

import { kindOf } from '../client/kinds';
import { owned } from '../envelope/bytes';

export function isLogo(bytes: Uint8Array): boolean {
  const kind = kindOf(bytes);
  return kind === 'image/png' || kind === 'image/jpeg';
}

export function Logo({ bytes }: { bytes: Uint8Array }) {
  const [address, setAddress] = useState('');
  useEffect(() => {
    if (!isLogo(bytes)) return setAddress('');
    const made = URL.createObjectURL(new Blob([owned(bytes)], { type: kindOf(bytes)! }));
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [bytes]);
  // The name stands beside it: nothing is left to say about the picture.
  return address ? <img class="logo" src={address} alt="" onError={() => setAddress('')} /> : null;
}
