"""DQN's network as stable-baselines3 has it, or with a value beside it that is trained but not deployed.

The best action is that of the highest advantage: what is common to all actions need not pass the deployed
network, whose few output bits then resolve the differences between them.
"""

from typing import cast

import torch
from gymnasium import spaces
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor, NatureCNN
from stable_baselines3.common.type_aliases import PyTorchObs
from stable_baselines3.dqn.policies import DQNPolicy, QNetwork
from torch import Tensor, nn

from ganglion.models.layers import Conv2d
from ganglion.models.nets.architecture import boundaries, impala_resnet, parameters_of
from ganglion.models.nets.float_network import Weighted
from ganglion.models.spec.network import NetworkSpec
from ganglion.models.spec.policy import PIXEL_EXPONENT

RESNET_CHANNELS = (16, 32, 32)
"""Of the three stacks."""


def deployed_layers(network: QNetwork) -> list[Weighted]:
    """Return the layers from observation to action."""
    parts = [*cast(nn.Module, network.features_extractor).modules(), *network.q_net.modules()]
    return [part for part in parts if isinstance(part, nn.Linear | nn.Conv2d)]


class PixelCnn(NatureCNN):
    """The convolutions of Mnih et al. 2015 over pixels as fractions of 256: integers at a scale of 2^-8.

    Stable-baselines3 divides by 255.
    """

    def forward(self, observations: Tensor) -> Tensor:
        """Return the features: [batch, frames, height, width] of 0 to 255 → [batch, features]."""
        return super().forward(_scaled(observations))


class PixelResNet(BaseFeaturesExtractor):
    """The residual network of Espeholt et al. 2018 (IMPALA), of 16, 32 and 32 channels, over such pixels."""

    def __init__(self, observation_space: spaces.Box, features_dim: int = 256) -> None:
        super().__init__(observation_space, features_dim)
        self._architecture = impala_resnet(observation_space.shape, RESNET_CHANNELS, (features_dim,))
        self.layers = nn.ModuleList(
            nn.Conv2d(layer.in_channels, layer.out_channels, layer.kernel, layer.stride, layer.padding)
            if isinstance(layer, Conv2d)
            else nn.Linear(layer.n_inputs, layer.n_outputs)
            for layer in self._architecture.layers
            if layer.has_weights
        )

    def forward(self, observations: Tensor) -> Tensor:
        """Return the features: [batch, frames, height, width] of 0 to 255 → [batch, features]."""
        parameters = parameters_of(self._architecture, list(self.layers))
        return torch.relu(boundaries(self._architecture, parameters, _scaled(observations))[-1])


EXTRACTORS: dict[str, type[BaseFeaturesExtractor]] = {"nature_cnn": PixelCnn, "resnet": PixelResNet}
"""What reads a game's frames, by the names of `DqnConfig.network`."""


def architecture_of(network: QNetwork) -> NetworkSpec | None:
    """Return how the deployed layers of a residual network are connected; None for a chain."""
    extractor = network.features_extractor
    if not isinstance(extractor, PixelResNet):
        return None
    widths = [part.out_features for part in network.q_net.modules() if isinstance(part, nn.Linear)]
    shape = network.observation_space.shape
    assert shape is not None
    return impala_resnet(shape, RESNET_CHANNELS, (extractor.features_dim, *widths))


def _scaled(pixels: Tensor) -> Tensor:
    dtype = torch.bfloat16 if torch.is_autocast_enabled("cpu") else torch.float32  # pixels fit either
    return pixels.to(dtype).mul_(2.0**PIXEL_EXPONENT)


class DuelingNetwork(QNetwork):
    """Values of actions as in Wang et al. 2016 (arXiv:1511.06581), both heads one layer on the same features.

    `q_net` gives the advantages, which are deployed; `value` what they are added to.
    """

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.value = nn.Linear(cast(nn.Linear, self.q_net[-1]).in_features, 1)

    def forward(self, obs: PyTorchObs) -> Tensor:
        """Return the value of each action: [batch, *observation] → [batch, action]."""
        extractor = cast(BaseFeaturesExtractor, self.features_extractor)
        # Stable-baselines3 would make float32 of pixels first.
        features = (
            extractor(obs)
            if isinstance(extractor, PixelCnn | PixelResNet)
            else self.extract_features(obs, extractor)
        )
        hidden = self.q_net[:-1](features)
        # bfloat16 has eight bits: a value of 1 plus an advantage of 0.003 would be 1.
        with torch.autocast("cpu", enabled=False):
            hidden = hidden.float()
            return self.action_values(hidden, self.q_net[-1](hidden))

    def action_values(self, hidden: Tensor, advantages: Tensor) -> Tensor:
        """Return the values of actions [batch, action] by the last hidden activations and the advantages."""
        return self.value(hidden) + advantages - advantages.mean(1, keepdim=True)

    @torch.no_grad()
    def split_value(self) -> None:
        """Move what a plain Q-network's outputs have in common to `value`; what the network gives stays."""
        outputs = cast(nn.Linear, self.q_net[-1])
        for ours, theirs in ((self.value.weight, outputs.weight), (self.value.bias, outputs.bias)):
            ours.copy_(theirs.mean(0, keepdim=True))
            theirs.sub_(theirs.mean(0, keepdim=True))


class DuelingPolicy(DQNPolicy):
    """Stable-baselines3's policy of DQN, of dueling networks."""

    def make_q_net(self) -> QNetwork:
        """Return a new network."""
        arguments = self._update_features_extractor(self.net_args, features_extractor=None)
        return DuelingNetwork(**arguments).to(self.device)
