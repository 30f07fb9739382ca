# The API. `docker build -t promptpilot:local .`; on a machine without an image registry, `nox -s images`.
ARG PYTHON_IMAGE=python:3.13.7-slim-trixie
FROM ${PYTHON_IMAGE} AS packages
# How pip reaches its index from here, for this stage alone: nothing of it is in the image.
ARG PIP_INDEX_URL
ARG PIP_TRUSTED_HOST
ARG PIP_CERT
COPY promptpilot/requirements.lock /tmp/requirements.lock
RUN python3 -m venv /opt/promptpilot \
    && /opt/promptpilot/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes \
        -r /tmp/requirements.lock
COPY promptpilot /opt/promptpilot/promptpilot
RUN /opt/promptpilot/bin/python -m compileall -q /opt/promptpilot/promptpilot

FROM ${PYTHON_IMAGE}
COPY --from=packages /opt/promptpilot /opt/promptpilot
RUN mkdir /data && chown 65534:65534 /data
ENV PATH=/opt/promptpilot/bin:$PATH \
    PYTHONPATH=/opt/promptpilot \
    PYTHONUNBUFFERED=1 \
    PROMPTPILOT_HOST=0.0.0.0 \
    PROMPTPILOT_DATABASE_URL=sqlite:////data/promptpilot.db
# All addresses of the container; docker-compose.yml publishes the port on 127.0.0.1.
EXPOSE 8000
USER 65534:65534
WORKDIR /data
ENTRYPOINT ["python", "-m", "promptpilot"]
