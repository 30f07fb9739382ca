"""A shop with django-prometheus, in one file."""

import sys
import time
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path

settings.configure(
    SECRET_KEY="tests",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django_prometheus"],
    MIDDLEWARE=[
        "django_prometheus.middleware.PrometheusBeforeMiddleware",
        "django_prometheus.middleware.PrometheusAfterMiddleware",
    ],
)
django.setup()


def health(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "ok"})


def items(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"items": [1]}, status=201 if request.method == "POST" else 200)


def item(request: HttpRequest, id: int) -> HttpResponse:
    return JsonResponse({"id": id}, status=404 if id > 100 else 200)


def fail(request: HttpRequest) -> HttpResponse:
    return JsonResponse({}, status=500)


def slow(request: HttpRequest) -> HttpResponse:
    time.sleep(1.5)
    return JsonResponse({"status": "ok"})


urlpatterns = [
    path("health", health, name="health"),
    path("items", items, name="items"),
    path("items/<int:id>", item, name="item"),
    path("fail", fail, name="fail"),
    path("slow", slow, name="slow"),
    path("", include("django_prometheus.urls")),
]


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 128


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


make_server("127.0.0.1", int(sys.argv[1]), get_wsgi_application(), Server, Quiet).serve_forever()
