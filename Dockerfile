# camscan in a container.
#
#   docker build -t camscan .
#   docker run --rm -it camscan demo                                     tries it out; touches no network
#   docker run --rm -it --network host -v "$PWD/data:/data" camscan scan 10.1.2.0/24
#
# What privileges buy:
#   --network host      multicast and ARP reach the subnets that this machine is attached to. Without it the container
#                       sits behind NAT on a network of its own: only unicast questions get out, as in a routed estate.
#   CAP_NET_RAW         the ARP sweep, the layer-2 search for cameras with a wrong address, and passive listening. Docker
#                       grants it by default; only camscan-link's own interpreter may use it (see below), and gives it up as
#                       soon as its socket is open. With --cap-drop ALL or --security-opt no-new-privileges, camscan does
#                       without, and says in the coverage summary what that costs.
#   root                nothing. The image runs as an ordinary user; on the host, give that user the data folder:
#                       chown 10001 data
#
# The image holds two programs: camscan (MIT) and camscan-link (GPL-2.0-only, with scapy). The texts are in the package.
# For an image without scapy: docker build --build-arg LIBRARIES=run -t camscan . (DHCP in what is heard or captured is missing then)
# For a register on a PostgreSQL server: docker build --build-arg LIBRARIES=server -t camscan . (adds psycopg, LGPL-3)
# For a centre: docker build --build-arg LIBRARIES="server web" -t camscan . (docs/deploy/compose.yaml)

FROM python:3.11-slim-bookworm AS build
ARG LIBRARIES=link
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY requirements requirements
RUN python3 -m venv /opt/camscan
RUN for each in ${LIBRARIES}; do /opt/camscan/bin/python -m pip install --quiet --require-hashes -r requirements/${each}.txt || exit; done
COPY pyproject.toml README.md ./
COPY LICENSES LICENSES
COPY fingerprints fingerprints
COPY camscan camscan
RUN /opt/camscan/bin/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /wheels .
RUN /opt/camscan/bin/python -m pip install --quiet --no-deps --no-index /wheels/camscan-*.whl
# camscan-link gets an interpreter of its own, so that the privilege is given to nothing else. -I: no surprises from the
# environment.
RUN cp "$(readlink -f /opt/camscan/bin/python)" /opt/camscan/bin/python-link \
    && sed -i '1s|^#!.*|#!/opt/camscan/bin/python-link -I|' /opt/camscan/bin/camscan-link
RUN /opt/camscan/bin/camscan --version && /opt/camscan/bin/camscan fingerprints check

FROM python:3.11-slim-bookworm
RUN useradd --uid 10001 --create-home camscan && install -d -o camscan /data
COPY --from=build /opt/camscan /opt/camscan
RUN apt-get update && apt-get install -y --no-install-recommends libcap2-bin && rm -rf /var/lib/apt/lists/*
RUN chmod 0755 /opt/camscan/bin/python-link && setcap cap_net_raw+ep /opt/camscan/bin/python-link
ENV PATH=/opt/camscan/bin:$PATH
USER camscan
WORKDIR /data
VOLUME /data
HEALTHCHECK --interval=5m --timeout=10s CMD ["camscan", "--version"]
ENTRYPOINT ["camscan"]
CMD ["--help"]
