// An organisation's logo beside its name: shown as a PNG or JPEG by its first bytes, or not at all.

import { useEffect, useState } from 'preact/hooks';

import { logoKind } from '../client/kinds';
import { owned } from '../envelope/bytes';

export const isLogo = (bytes: Uint8Array): boolean => logoKind(bytes) !== null;

export function Logo({ bytes }: { bytes: Uint8Array }) {
  const [address, setAddress] = useState('');
  useEffect(() => {
    const type = logoKind(bytes);
    if (!type) return setAddress('');
    const made = URL.createObjectURL(new Blob([owned(bytes)], { type }));
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [bytes]);
  // The name stands beside it: nothing is left to say about the picture.
  return address ? <img class="logo" src={address} alt="" onError={() => setAddress('')} /> : null;
}
