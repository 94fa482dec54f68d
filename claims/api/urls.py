"""Addresses of the API."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from claims.api import document, views

app_name = "api"

router = SimpleRouter()
router.register("boards", views.Boards, basename="boards")
router.register("claims", views.Claims, basename="claims")
router.register("costs", views.Costs, basename="costs")
router.register("papers", views.Papers, basename="papers")
router.register("models", views.Models, basename="models")
router.register("datasets", views.Datasets, basename="datasets")
router.register("tasks", views.Tasks, basename="tasks")
router.register("metrics", views.Metrics, basename="metrics")
router.register("listings", views.Listings, basename="listings")
router.register("decisions", views.Decisions, basename="decisions")

urlpatterns = [
    path("", views.Root.as_view({"get": "show"}), name="root"),
    path("openapi.json", document.document, name="contract"),
    *router.urls,
]
