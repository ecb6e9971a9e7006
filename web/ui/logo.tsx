// An organisation's logo, or its name in letters where there is no logo that can be shown.

import { useEffect, useState } from 'preact/hooks';

import { logoKind } from '../client/kinds';

/** Of its bytes, with exactly the type that they are: a browser sniffs nothing. */
function useAddress(image: Uint8Array | undefined): string {
  const [address, setAddress] = useState('');
  useEffect(() => {
    const type = image && logoKind(image);
    if (!type) return undefined;
    const made = URL.createObjectURL(new Blob([image.slice()], { type }));
    setAddress(made);
    return () => {
      setAddress('');
      URL.revokeObjectURL(made);
    };
  }, [image]);
  return address;
}

export function Logo({ image, name }: { image: Uint8Array | undefined; name: string }) {
  const address = useAddress(image);
  const [broken, setBroken] = useState('');
  if (!address || broken === address) return <bdi>{name}</bdi>;
  return <img class="page__logo" src={address} alt={name} onError={() => setBroken(address)} />;
}
